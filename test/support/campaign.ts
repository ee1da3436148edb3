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
  report(figures: Readonly<Record<string, number | string>>): void;
}

export function startCampaign(name: string): Campaign {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  const isFull = process.env.FULL === '1';
  const random = seededRandom(seed);
  const print = (text: string) => void process.stderr.write(`${name}: ${text}\n`);
  print(`SEED=${seed}${isFull ? ' FULL=1' : ''}`);
  return {
    seed,
    isFull,
    times: (short, full) => (isFull ? full : short),
    random,
    pick<Item>(items: readonly Item[]) {
      const item = items[Math.floor(random() * items.length)];
      if (item === undefined) throw new Error('There is nothing to pick from.');
      return item;
    },
    report(figures) {
      const texts = Object.entries(figures).map(([what, figure]) => `${what} ${figure}`);
      print(`${texts.join(', ')} (SEED=${seed})`);
    },
  };
}

/** Mulberry32: small, and good enough to choose test inputs. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
