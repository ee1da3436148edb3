import { expect, test } from 'vitest';
import { createChangeFeed } from '../../../src/domain/change-feed.ts';
import { silentLogger } from '../../../src/domain/logger.ts';

test('a feed tells every listener until it stops, whatever the others do', () => {
  const errors: string[] = [];
  const feed = createChangeFeed({ ...silentLogger, error: (message) => errors.push(message) });
  const heard: string[] = [];
  const listener = () => heard.push('first');
  const stop = feed.add(listener);
  const stopSecond = feed.add(listener);
  feed.add(() => {
    throw new Error('a listener that fails');
  });
  feed.add(() => heard.push('last'));

  feed.announce();
  expect(heard).toEqual(['first', 'first', 'last']);
  expect(errors).toHaveLength(1);

  stop();
  stop();
  feed.announce();
  expect(heard.slice(3)).toEqual(['first', 'last']);
  stopSecond();
  feed.announce();
  expect(heard.slice(5)).toEqual(['last']);
});
