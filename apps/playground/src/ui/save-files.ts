/** Hands files out, one after the other, as downloads. */
export function saveFiles(files: readonly { name: string; bytes: Uint8Array<ArrayBuffer> }[]): void {
  for (const { name, bytes } of files) {
    const address = URL.createObjectURL(new Blob([bytes]));
    Object.assign(document.createElement("a"), { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
}
