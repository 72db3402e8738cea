/** Units: what stands or falls together. A source alone, or the sources of a set. */
import type { Inventory } from '../lvm/inventory.ts';
import { isThin } from './check-thin.ts';
import type { Member } from './members.ts';

export interface Unit {
  /** `VG/LV`, a device, or `set NAME`: what actions and problems name. */
  readonly name: string;
  /** Name of the set; null where it is a source alone. */
  readonly set: string | null;
  readonly members: readonly Member[];
  /** Devices to be lent before it begins. */
  readonly loans: readonly WantedLoan[];
}

export interface WantedLoan {
  readonly group: string;
  readonly named: string;
}

/**
 * In the order of the file, but units that borrow for the same group stand together, so that its device is lent
 * once. A set stands where its first member stands.
 */
export function unitsOf(members: readonly Member[], inventory: Pick<Inventory, 'groups'>): Unit[] {
  const byName = new Map<string, Member[]>();
  for (const member of members) {
    const name = unitName(member);
    const known = byName.get(name);
    if (known) known.push(member);
    else byName.set(name, [member]);
  }
  const units = [...byName].map(([name, list]) => ({
    name,
    set: list[0]?.spec.set ?? null,
    members: list,
    loans: wantedLoans(list, inventory),
  }));
  return together(units);
}

function unitName(member: Member): string {
  return member.spec.set === null ? member.source : `set ${member.spec.set}`;
}

function wantedLoans(members: readonly Member[], { groups }: Pick<Inventory, 'groups'>): WantedLoan[] {
  const wanted = new Map<string, WantedLoan>();
  for (const { origin, spec } of members) {
    const { lend } = spec.snapshot;
    if (origin.kind === 'device' || lend === null) continue;
    const volume = groups.get(origin.group)?.volumes.get(origin.name);
    // A thin snapshot lies in its pool.
    if (volume && isThin(volume)) continue;
    wanted.set(`${origin.group} ${lend}`, { group: origin.group, named: lend });
  }
  return [...wanted.values()];
}

/** A stable grouping by the first group that lends; units without a loan keep their own place. */
function together(units: readonly Unit[]): Unit[] {
  const firstPlace = new Map<string, number>();
  const placed = units.map((unit, index) => {
    const key = unit.loans[0]?.group;
    if (key === undefined) return { unit, place: index };
    const place = firstPlace.get(key) ?? index;
    firstPlace.set(key, place);
    return { unit, place };
  });
  return placed.sort((a, b) => a.place - b.place).map(({ unit }) => unit);
}
