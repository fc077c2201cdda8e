import { answerRequest } from "../ask-process.ts";
import { composePurpose } from "./compose-apart.ts";
import { writeDisk } from "./composed-disk.ts";

/* The process of composeApart. */

await answerRequest(composePurpose, writeDisk);
