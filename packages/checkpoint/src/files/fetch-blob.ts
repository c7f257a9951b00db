import { failure, type Place } from "../failure.ts";

/** All of what an address leads to. */
export async function fetchBlob(address: string, place: Place): Promise<Blob> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw failure(place, `the address cannot be reached (${(cause as Error).message})`, "Check the address and the connection; another site must allow this page by CORS.", { cause });
  }
  if (!response.ok) throw failure(place, `the server answers ${response.status} ${response.statusText}`.trimEnd(), "Check the address.", { details: { status: response.status } });
  try {
    return await response.blob();
  } catch (cause) {
    throw failure(place, `the download broke off (${(cause as Error).message})`, "Try again.", { cause });
  }
}
