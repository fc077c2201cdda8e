import { composeInPython } from "../compat/clients/compose-clients.ts";
import { testExamples } from "../support/compose-examples.ts";

testExamples("docker-compose 1", composeInPython);
