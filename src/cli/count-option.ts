import { InvalidArgumentError, Option } from 'commander';

/** A flag with a whole number from 1. */
export function countOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
    return Number(text);
  });
}

/** `--limit <n>` of a listing. */
export function limitOption(description: string): Option {
  return countOption('--limit <n>', description);
}
