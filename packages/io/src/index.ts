/**
 * Readers, writers and buffers.
 * @packageDocumentation
 */
export {};
