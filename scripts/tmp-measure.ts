import { createRequire } from "node:module"; import { readFile } from "node:fs/promises";
import { decodeImage, crop, resize, createImage, paste, type ResizeFilter } from "../packages/images/src/index.ts";
const sharp = createRequire(new URL("../packages/images/package.json", import.meta.url))("sharp");
const d=process.argv[2]!;
for (const style of process.argv.slice(3)) { const j=JSON.parse(await readFile(`${d}/base-${style}.json`,"utf8")); const im=await decodeImage(await readFile(`${d}/base-${style}.png`));
 for (const filter of ["box","hamming"] as ResizeFilter[]) { const out=createImage(32*32,Math.ceil(j.ids.length/32)*32,3,255);
  for(let i=0;i<j.ids.length;i++) paste(out,resize(crop(im,{left:i%32*64,top:Math.floor(i/32)*64,width:64,height:64}),{width:32,height:32,filter}),{left:i%32*32,top:Math.floor(i/32)*32});
  const raw=()=>sharp(out.data,{raw:{width:out.width,height:out.height,channels:3}});
  console.log(style,filter,(await raw().webp({lossless:true,effort:6,quality:100}).toBuffer()).length);
 }}
