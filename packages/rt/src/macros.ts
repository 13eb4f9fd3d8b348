/** Waiting for several futures at once, and starting programs. @packageDocumentation */
export * from "@rt/macros";
