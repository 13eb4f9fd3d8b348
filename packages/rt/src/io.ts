/** Readers, writers and buffers. @packageDocumentation */
export * from "@rt/io";
