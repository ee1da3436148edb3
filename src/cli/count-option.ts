import { InvalidArgumentError, Option } from 'commander';

/** A flag with a whole number from 1, up to a bound if there is one. */
export function countOption(flags: string, description: string, max?: number): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^[1-9]\d{0,8}$/.test(text) || (max !== undefined && Number(text) > max))
      throw new InvalidArgumentError(`It is a whole number from 1${max === undefined ? '' : ` to ${max}`}.`);
    return Number(text);
  });
}

/** `--limit <n>` of a listing. */
export function limitOption(description: string): Option {
  return countOption('--limit <n>', description);
}
