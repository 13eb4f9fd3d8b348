/** Signals to the process. @packageDocumentation */
export * from "@rt/signal";
