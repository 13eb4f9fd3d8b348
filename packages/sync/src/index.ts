/**
 * Channels, locks and notification between tasks. Works in any async code, with or without a runtime.
 * @packageDocumentation
 */
export {};
