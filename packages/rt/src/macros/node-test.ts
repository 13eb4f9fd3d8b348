/** Tests that run in a runtime of their own, under `node:test`. @packageDocumentation */
export * from "@rt/macros/node-test";
