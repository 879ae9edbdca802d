/* Violations of the turn loop: what is written, and in which order. */
import { isTrim } from "../records.mjs";

export default {
  "drops-trim": {
    records: (records) => records.filter((record) => !isTrim(record)),
  },
};
