/* The `ai` package of the version under test, for files that are loaded before the lookup is set up. */
export { jsonSchema, streamText, tool } from "ai";
