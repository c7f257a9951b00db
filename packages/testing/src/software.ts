/**
 * SwiftShader and headless Chromium, unpacked from the npm package `@sparticuz/chromium` into the user's cache folder.
 *
 * Both are built for Linux on x64; elsewhere these functions give undefined, and tests use what the machine has.
 */
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { untar } from "./untar.ts";

const PACKAGE = "@sparticuz/chromium";

// The packed list names folders of another machine.
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/** True where the packed binaries run. */
export function hasSoftware(): boolean {
  return process.platform === "linux" && process.arch === "x64";
}

/**
 * The environment in which Dawn's Node binding finds SwiftShader, a WebGPU adapter without a GPU.
 *
 * The dynamic linker reads it when a process starts, so set it on a child process, not on yourself. Unpacks on first use.
 *
 * @returns  undefined on a platform without the binaries
 */
export async function swiftshaderEnvironment(): Promise<Record<string, string> | undefined> {
  if (!hasSoftware()) return undefined;
  const folder = await unpackOnce("swiftshader", async (target) => {
    await unpackTar("swiftshader.tar.br", target);
  });
  const driver = join(folder, "vk_swiftshader_icd.json");
  return {
    LD_LIBRARY_PATH: withLibraries(folder),
    // The loader's present and former name of the same list.
    VK_DRIVER_FILES: driver,
    VK_ICD_FILENAMES: driver,
  };
}

/** Where Chromium lies, and what it must be started with. */
export interface Chromium {
  executablePath: string;
  args: string[];
  env: Record<string, string>;
}

/**
 * A headless Chromium with a WebGPU adapter (SwiftShader), to be launched by playwright.
 *
 * @returns  undefined on a platform without the binaries
 */
export async function chromium(): Promise<Chromium | undefined> {
  if (!hasSoftware()) return undefined;
  const folder = await unpackOnce("chromium", async (target) => {
    // Chromium looks for SwiftShader beside its own executable and nowhere else.
    await unpackTar("swiftshader.tar.br", target);
    // NSS and its kin, which a bare system lacks.
    await unpackTar("al2023.tar.br", target);
    await unpackTar("fonts.tar.br", target);
    await writeFile(join(target, "fonts.conf"), FONTS);
    await writeFile(join(target, "chromium"), await decompress("chromium.br"));
    await chmod(join(target, "chromium"), 0o755);
  });
  return {
    executablePath: join(folder, "chromium"),
    args: [
      "--headless=new",
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--disable-background-networking",
      "--no-first-run",
    ],
    env: { ...process.env, LD_LIBRARY_PATH: withLibraries(join(folder, "lib")), FONTCONFIG_PATH: folder } as Record<string, string>,
  };
}

/**
 * The folder `name` of this package's version in the user's cache; `fill` writes it when it is not there yet.
 *
 * It is filled under another name and then renamed, so that a second process sees all of it or nothing, and an
 * interrupted one leaves nothing that looks whole.
 */
async function unpackOnce(name: string, fill: (target: string) => Promise<void>): Promise<string> {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "multiway");
  const folder = join(cache, `${name}-${await packageVersion()}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(`${folder}.`);
  try {
    await fill(temporary);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process was quicker: its folder is as good as ours.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function unpackTar(file: string, target: string): Promise<void> {
  for (const { path, kind, isExecutable, bytes } of untar(await decompress(file))) {
    const destination = join(target, path);
    await mkdir(kind === "folder" ? destination : dirname(destination), { recursive: true });
    if (kind === "file") await writeFile(destination, bytes, { mode: isExecutable ? 0o755 : 0o644 });
  }
}

async function decompress(file: string): Promise<Uint8Array> {
  return promisify(brotliDecompress)(await readFile(join(packageFolder(), "bin", file)));
}

// Its exports hide package.json, so it is found by its entry point, which lies in a folder under it.
function packageFolder(): string {
  let folder = dirname(createRequire(import.meta.url).resolve(PACKAGE));
  while (!existsSync(join(folder, "package.json")) || !existsSync(join(folder, "bin"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`packageFolder: ${PACKAGE} has no folder "bin"; its layout has changed. Pin the version that this file was written for.`);
    folder = parent;
  }
  return folder;
}

async function packageVersion(): Promise<string> {
  return (JSON.parse(await readFile(join(packageFolder(), "package.json"), "utf8")) as { version: string }).version;
}

function withLibraries(folder: string): string {
  const inherited = process.env["LD_LIBRARY_PATH"];
  return inherited ? `${folder}:${inherited}` : folder;
}
