/** What a machine has beside what its first container needs, for what comes when it runs. */
export interface MachinePlaces {
  /** For how many further containers it has disks. */
  room: number;
  /** How many cards of the switch it has, those that are needed with them. */
  cards: number;
}

interface Needs {
  /** Of the machine, for disks and cards. */
  places: number;
  /** What the container needs of them. */
  disks: number;
  cards: number;
  /** Whether its cards are the switch's, so that networks can come later. */
  isOnSwitch: boolean;
  /** Further containers that the user wants room for; undefined: nothing is said. */
  room: number | undefined;
}

const disksOfContainer = 2;
/** Nobody has been seen to join more networks when it ran already. */
const mostSpareCards = 3;

/**
 * Places that nobody needs are filled ahead, since a machine that runs gets no devices: a card first,
 * then the disks of one more container, then cards. What is asked for is there in any case, also
 * where it is too much: the driver says so.
 */
export function sharePlaces({ places, disks, cards, isOnSwitch, room }: Needs): MachinePlaces {
  let left = places - disks - cards - (room ?? 0) * disksOfContainer;
  const most = isOnSwitch && cards > 0 ? mostSpareCards : 0;
  const first = Math.max(0, Math.min(1, most, left));
  left -= first;
  const given = room ?? (left >= disksOfContainer ? 1 : 0);
  if (room === undefined) left -= given * disksOfContainer;
  const more = Math.max(0, Math.min(most - first, left));
  return { room: given, cards: cards + first + more };
}
