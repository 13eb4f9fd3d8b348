/** For those who write drivers, schedulers and leaf futures. @packageDocumentation */
export * from "@rt/core/driver";
