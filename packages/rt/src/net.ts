/** Sockets: TCP, UDP, Unix, pipes, and name lookup. @packageDocumentation */
export * from "@rt/net";
