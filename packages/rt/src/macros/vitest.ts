/** Tests that run in a runtime of their own, under Vitest. @packageDocumentation */
export * from "@rt/macros/vitest";
