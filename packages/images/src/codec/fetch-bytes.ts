import { ImageError } from "@multiway/errors";

/** Downloads an address. */
export async function fetchBytes(address: string): Promise<Uint8Array> {
  const short = address.length > 100 ? `${address.slice(0, 97)}...` : address;
  let response: Response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw new ImageError(`loadImage: ${short} cannot be fetched. Check the address, and whether the server allows requests from this page (CORS).`, { cause });
  }
  if (!response.ok) throw new ImageError(`loadImage: ${short} answered ${response.status}; expected 200. Check the address.`, { details: { address, status: response.status } });
  return new Uint8Array(await response.arrayBuffer());
}
