/** What a server says of a file's version. */
export interface Version {
  etag: string | undefined;
  lastModified: string | undefined;
  /** Undefined where it is not told. */
  sizeBytes: number | undefined;
}

/** Whether a server tells versions of a file apart. */
export const isTold = ({ etag, lastModified, sizeBytes }: Version): boolean => (etag !== undefined || lastModified !== undefined) && sizeBytes !== undefined;

/** Whether both may be of one file: what both say agrees. */
export function mayBeSame(a: Version, b: Version): boolean {
  const weak = (etag: string) => etag.replace(/^W\//, "");
  if (a.sizeBytes !== undefined && b.sizeBytes !== undefined && a.sizeBytes !== b.sizeBytes) return false;
  if (a.etag !== undefined && b.etag !== undefined) return weak(a.etag) === weak(b.etag);
  return a.lastModified === undefined || b.lastModified === undefined || a.lastModified === b.lastModified;
}

/** What `If-Range` takes: a strong tag or, in its place, a date. */
export const rangeCondition = ({ etag, lastModified }: Version): string | undefined => (etag !== undefined && !etag.startsWith("W/") ? etag : lastModified);

/** `bytes 0-99/1234`, where the size may be `*`. */
export function parseContentRange(text: string | null): { begin: number; sizeBytes: number | undefined } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(text ?? "");
  return match ? { begin: Number(match[1]), sizeBytes: match[2] === "*" ? undefined : Number(match[2]) } : undefined;
}
