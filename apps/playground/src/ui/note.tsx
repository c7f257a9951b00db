import type { ComponentChildren } from "preact";

/** What went wrong, read out at once. */
export const ErrorNote = ({ message }: { message: string | undefined }) => (message === undefined ? null : <p class="error" role="alert">{message}</p>);

/** What is going on, read out when it changes. */
export const Status = ({ children }: { children: ComponentChildren }) => <p class="status" role="status">{children}</p>;
