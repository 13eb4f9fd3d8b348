/** The runtime's clock under foreign code, for tests. @packageDocumentation */
export * from "@rt/time/testing";
