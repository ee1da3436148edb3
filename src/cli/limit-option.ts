import { InvalidArgumentError, Option } from 'commander';

/** `--limit <n>`, a whole number from 1. */
export function limitOption(description: string): Option {
  return new Option('--limit <n>', description).argParser((text) => {
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
    return Number(text);
  });
}
