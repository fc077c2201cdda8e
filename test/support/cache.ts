import { homedir } from "node:os";
import { join } from "node:path";

/** What outlives a run of the tests: kernels, fixtures. `npm test` fills it. */
export const testCache = process.env["DVM_TEST_CACHE"] ?? join(homedir(), ".cache/dvm-tests");

/** An archive or list of test/fixtures/build-fixtures.sh. */
export function fixture(name: string): string {
  return join(testCache, "fixtures", name);
}
