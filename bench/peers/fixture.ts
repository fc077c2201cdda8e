import { fixture } from "../../test/support/cache.ts";

/** An image, and the archive that it is loaded from. */
export interface Fixture {
  image: string;
  archive: string;
}

/** busybox, 2 MB, of test/fixtures/build-fixtures.sh. Its entrypoint is `sh -c`. */
export const small: Fixture = {
  image: "dvm-fixture:small",
  archive: fixture("small.docker-save.tar"),
};

/** A command that does nothing for longer than any benchmark takes. */
export const idle = ["/bin/sleep", "1000000"] as const;
