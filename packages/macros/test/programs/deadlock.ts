import { pending } from "@rt/core";
import { main } from "@rt/macros";

void main({ meta: import.meta }, pending());
