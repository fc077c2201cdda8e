import { composePlugin } from "../compat/clients/compose-clients.ts";
import { testExamples } from "../support/compose-examples.ts";

testExamples("docker compose 2", composePlugin);
