/** Child processes. @packageDocumentation */
export * from "@rt/process";
