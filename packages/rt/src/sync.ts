/** Channels, locks and notification between tasks. @packageDocumentation */
export * from "@rt/sync";
