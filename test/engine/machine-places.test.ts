import assert from "node:assert/strict";
import { test } from "node:test";
import { sharePlaces } from "../../src/engine/plan/machine-places.ts";

type Needs = Parameters<typeof sharePlaces>[0];
const plain: Needs = { places: 6, disks: 2, cards: 1, isOnSwitch: true, room: undefined };

const cases: [string, Partial<Needs>, { room: number; cards: number }][] = [
  ["an ordinary container has a card and a container's disks to spare", {}, { room: 1, cards: 2 }],
  ["more networks take the spare card, then the room", { cards: 3 }, { room: 0, cards: 4 }],
  ["what is needed is there, though nothing is left", { cards: 5 }, { room: 0, cards: 5 }],
  ["a disk more leaves no room, but cards", { disks: 3 }, { room: 0, cards: 3 }],
  ["room that is asked for comes before spare cards", { room: 1 }, { room: 1, cards: 2 }],
  ["room for nobody leaves cards", { room: 0 }, { room: 0, cards: 4 }],
  ["room that is too much is the driver's to refuse", { room: 2 }, { room: 2, cards: 1 }],
  [
    "a machine with a network of its own has room only",
    { isOnSwitch: false },
    { room: 1, cards: 1 },
  ],
  ["one without a network gets none later", { cards: 0 }, { room: 1, cards: 0 }],
  ["where there is much, there is an end", { places: 21 }, { room: 1, cards: 4 }],
];

for (const [title, changes, expected] of cases)
  test(title, () => assert.deepEqual(sharePlaces({ ...plain, ...changes }), expected));
