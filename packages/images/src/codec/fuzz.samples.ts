import type { Key } from "@multiway/random";
import { crc32 } from "./png-header.ts";

/** A copy with one to four kinds of damage: bytes set, numbers made extreme, stretches cut, doubled or moved, the end lost. */
export function damage(bytes: Uint8Array, key: Key): Uint8Array {
  let result = new Uint8Array(bytes);
  const hits = key.fold(0).integer(1, 5);
  for (let hit = 1; hit <= hits && result.length > 8; hit++) {
    const [forKind, forPlace, forValue, forLength] = key.fold(hit).split(4) as [Key, Key, Key, Key];
    const at = forPlace.integer(0, result.length);
    const stretch = Math.min(result.length - at, forLength.integer(1, 64));
    switch (forKind.integer(0, 7)) {
      case 0:
        result[at] = forValue.integer(0, 256);
        break;
      case 1:
        result[at]! ^= 1 << forValue.integer(0, 8);
        break;
      case 2:
        result.fill([0, 255, 127, 128][forValue.integer(0, 4)]!, at, at + Math.min(stretch, 4));
        break;
      case 3:
        result = joined(result.subarray(0, at), result.subarray(at + stretch));
        break;
      case 4:
        result = joined(result.subarray(0, at + stretch), result.subarray(at));
        break;
      case 5:
        result.copyWithin(forValue.integer(0, result.length), at, at + stretch);
        break;
      default:
        // The header is what sizes hang on, so it is hit more often than its share.
        result[forValue.integer(0, Math.min(result.length, 40))] = forLength.integer(0, 256);
    }
  }
  return key.fold(9).number() < 0.1 ? result.subarray(0, key.fold(10).integer(0, result.length)) : result;
}

/** The PNG with every checksum made right, so that damage gets past them; in place. */
export function repairChecksums(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let offset = 8; offset + 12 <= png.length; ) {
    const end = offset + 8 + view.getUint32(offset);
    if (end + 4 > png.length) break;
    view.setUint32(end, crc32(png.subarray(offset + 4, end)));
    offset = end + 4;
  }
  return png;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(first.length + second.length);
  result.set(first);
  result.set(second, first.length);
  return result;
}
