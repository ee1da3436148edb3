/** The full form has the figures that are promised; the short one keeps the same code honest every day. */
export const FULL = process.env.FULL === '1';

/** Env `SEED`, to repeat what an earlier run found; else another one each time. */
export const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** How much a campaign does, and with which luck. */
export interface Campaign {
  /** Env `SEED`, or one of its own. The same seed and form make the same inputs. */
  readonly seed: number;
  /** Env `FULL=1`: the figures that are promised; otherwise a sample of them. */
  readonly isFull: boolean;
  /** How often something is done. */
  times(short: number, full: number): number;
  /** Uniform in [0, 1), from the seed. */
  readonly random: () => number;
  /** One of them, by luck. */
  pick<Item>(items: readonly Item[]): Item;
  /** Prints what was done: the seed first, so that a failure before this can be repeated too. */
  report(figures: Readonly<Record<string, unknown>>): void;
}

export function startCampaign(name: string): Campaign {
  const luck = createRandom(SEED);
  print(name, `SEED=${SEED}${FULL ? ' FULL=1' : ''}`);
  return {
    seed: SEED,
    isFull: FULL,
    times: (short, full) => (FULL ? full : short),
    random: luck.next,
    pick: luck.pick,
    report: (figures) => reportFigures(name, figures),
  };
}

/** One line on the terminal for what a campaign did. */
export function reportFigures(name: string, figures: Readonly<Record<string, unknown>>): void {
  const texts = Object.entries(figures).map(([what, figure]) => `${what} ${String(figure)}`);
  print(name, `${texts.join(', ')} (SEED=${SEED}${FULL ? ' FULL=1' : ''})`);
}

function print(name: string, text: string): void {
  process.stderr.write(`${name}: ${text}\n`);
}

/** Luck that a seed repeats. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number from 0 up to, and without, `end`. */
  below(end: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
}

/** Mulberry32: small, and good enough to choose test inputs. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick<Value>(values: readonly Value[]) {
      if (values.length === 0) throw new Error('There is nothing to pick from.');
      return values[below(values.length)] as Value;
    },
  };
}
