import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/domain/json.ts';
import { MESSAGE_ROLES, type Message } from '../../../src/domain/session.ts';
import type { PutValueParams, SessionStore } from '../../../src/store/session-store.ts';
import { allPages, badCursor, garbageCursors } from './paging.ts';

/** A session store with nothing in it, and the means to look at the same data again. */
export interface OpenedSessionStore {
  readonly sessions: SessionStore;
  /** Another store on the same data, as another process would have it. */
  reopen(): Promise<SessionStore>;
  /** Closes every store that is open, and leaves the data. */
  closeStores(): Promise<void>;
  /** Closes every store and takes the data away. */
  close(): Promise<void>;
}

/** Everything that the port promises; each implementation of it runs this suite. */
export function describeSessionStoreContract(name: string, open: () => Promise<OpenedSessionStore>): void {
  describe(`the session store contract: ${name}`, () => {
    let opened: OpenedSessionStore;
    let store: SessionStore;

    beforeEach(async () => {
      opened = await open();
      store = opened.sessions;
    });
    afterEach(() => opened.close());

    describe('the conversation', () => {
      const draft = (content: string, changes: Partial<Message> = {}) => ({
        sessionId: 's',
        role: 'user' as const,
        content,
        createdAt: now,
        ...changes,
      });
      const contents = async (sessionId: string, limit = 100) =>
        (await store.lastMessages(sessionId, { limit })).items.map(({ content }) => content);

      it('keeps messages, numbered upwards, the oldest first', async () => {
        expect(await store.lastMessages('s', { limit: 10 })).toEqual({ items: [] });
        const added: Message[] = [];
        for (const role of MESSAGE_ROLES) {
          const { message, replayed } = await store.addMessage({ message: draft(`from ${role}`, { role }) });
          expect(replayed).toBe(false);
          expect(message).toStrictEqual({
            ...draft(`from ${role}`, { role }),
            messageId: expect.any(Number),
          });
          added.push(message);
        }
        expect((await store.lastMessages('s', { limit: 10 })).items).toStrictEqual(added);
        const ids = added.map(({ messageId }) => messageId);
        expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
      });

      it('gives the last ones', async () => {
        for (const content of ['a', 'b', 'c', 'd']) await store.addMessage({ message: draft(content) });
        expect(await contents('s', 2)).toEqual(['c', 'd']);
        expect(await contents('s', 1)).toEqual(['d']);
        expect(await contents('s', 0)).toEqual([]);
      });

      it('leads back to the first one, through pages of any size', async () => {
        const added: Message[] = [];
        for (let n = 0; n < 25; n++) {
          added.push((await store.addMessage({ message: draft(`message ${n}`) })).message);
          await store.addMessage({ message: draft('aside', { sessionId: 't' }) });
        }
        for (const limit of [1, 4, 24, 25, 100]) {
          const pages = await allPages((page) => store.lastMessages('s', page), limit);
          expect(pages.reverse().flat()).toEqual(added);
          expect(pages).toHaveLength(Math.ceil(added.length / limit));
        }
      });

      it('ends a page where it would be too large, and goes on there', async () => {
        for (const content of ['a', 'bb', 'ccc', 'ddddd', 'éé'])
          await store.addMessage({ message: draft(content) });
        const pages = await allPages((page) => store.lastMessages('s', { ...page, bytesMax: 4 }), 10);
        const texts = pages.map((page) => page.map(({ content }) => content));
        expect(texts).toEqual([['éé'], ['ddddd'], ['ccc'], ['a', 'bb']]);
      });

      it.each([...garbageCursors])('refuses the cursor %j', async (cursor) => {
        await store.addMessage({ message: draft('a') });
        await expect(store.lastMessages('s', { limit: 5, cursor })).rejects.toMatchObject(badCursor);
      });

      it('is that of one session', async () => {
        for (const sessionId of sessions)
          await store.addMessage({ message: draft(sessionId, { sessionId }) });
        for (const sessionId of sessions) expect(await contents(sessionId)).toEqual([sessionId]);
      });

      it('under a key that was seen answers with the message that took it', async () => {
        const first = await store.addMessage({ message: draft('first'), requestId: 'key' });
        const again = await store.addMessage({ message: draft('other'), requestId: 'key' });
        expect(again).toEqual({ message: first.message, replayed: true });
        const elsewhere = draft('elsewhere', { sessionId: 't' });
        expect((await store.addMessage({ message: elsewhere, requestId: 'key' })).replayed).toBe(false);
        expect([await contents('s'), await contents('t')]).toEqual([['first'], ['elsewhere']]);
      });

      it('takes a key once, though two stores see it at once', async () => {
        const other = await opened.reopen();
        const calls = [store, other, store, other].map((each, i) =>
          each.addMessage({ message: draft(`${i}`), requestId: 'key' }),
        );
        const outcomes = await Promise.all(calls);
        expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
        expect(new Set(outcomes.map(({ message }) => message.messageId)).size).toBe(1);
        expect(await contents('s')).toHaveLength(1);
      });

      it('keeps text as it is', async () => {
        const text = fc.string({ unit: 'binary' }).filter((value) => !unstorable.test(value));
        await fc.assert(
          fc.asyncProperty(text, async (content) => {
            await store.addMessage({ message: draft(content) });
            expect(await contents('s', 1)).toEqual([content]);
          }),
          { numRuns: 100 },
        );
      });

      it.each(unstorableTexts)('refuses text that no database can hold: %j', async (text) => {
        const refused = { code: 'INVALID_ARGUMENT' };
        for (const message of [draft(text), draft('', { sessionId: text })])
          await expect(store.addMessage({ message })).rejects.toMatchObject(refused);
        const call = store.addMessage({ message: draft(''), requestId: text });
        await expect(call).rejects.toMatchObject(refused);
        await store.addMessage({ message: draft('', { sessionId: resembling(text) }) });
        expect([await contents(text), await contents('s')]).toEqual([[], []]);
      });
    });

    describe.each(['task data', 'knowledge'] as const)('%s', (kind) => {
      const isTaskData = kind === 'task data';
      const put = (params: PutValueParams) =>
        isTaskData ? store.putTaskData(params) : store.putKnowledge(params);
      const find = (sessionId: string, key: string) =>
        isTaskData ? store.findTaskData(sessionId, key) : store.findKnowledge(sessionId, key);
      const list = (sessionId: string, page: { limit: number; cursor?: string }) =>
        isTaskData ? store.listTaskDataKeys(sessionId, page) : store.listKnowledgeKeys(sessionId, page);
      const keysOf = async (sessionId: string) => (await list(sessionId, { limit: 1_000 })).items;

      it('is kept under its key, the latest value of it', async () => {
        expect(await find('s', 'k')).toBeUndefined();
        await put({ sessionId: 's', key: 'k', value: { a: 1 }, now });
        expect(await find('s', 'k')).toStrictEqual({ key: 'k', value: { a: 1 }, updatedAt: now });
        await put({ sessionId: 's', key: 'k', value: null, now: later });
        expect(await find('s', 'k')).toStrictEqual({ key: 'k', value: null, updatedAt: later });
        expect(await keysOf('s')).toEqual(['k']);
      });

      it('is that of one session', async () => {
        for (const sessionId of sessions) await put({ sessionId, key: 'k', value: sessionId, now });
        for (const sessionId of sessions) {
          expect((await find(sessionId, 'k'))?.value).toBe(sessionId);
          expect(await keysOf(sessionId)).toEqual(['k']);
        }
        expect(await find('s', 'K')).toBeUndefined();
        expect(await keysOf('nobody')).toEqual([]);
      });

      it('lists keys in the order of their code points, through pages of any size', async () => {
        const keys = [...oddKeys, ...Array.from({ length: 30 }, (_, i) => `key-${(i * 7) % 30}`)];
        for (const key of keys) await put({ sessionId: 's', key, value: key, now });
        await put({ sessionId: 't', key: 'aside', value: 1, now });
        const expected = [...keys].sort(byCodePoints);
        for (const limit of [1, 4, keys.length - 1, keys.length, 100]) {
          const pages = await allPages((page) => list('s', page), limit);
          expect(pages.flat()).toEqual(expected);
          expect(pages).toHaveLength(Math.ceil(keys.length / limit));
        }
        for (const key of keys) expect((await find('s', key))?.value).toBe(key);
      });

      it.each(garbageCursors)('refuses the cursor %j', async (cursor) => {
        await put({ sessionId: 's', key: 'k', value: 1, now });
        await expect(list('s', { limit: 5, cursor })).rejects.toMatchObject(badCursor);
      });

      it('comes back as the same JSON text', async () => {
        const value = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<JsonValue>;
        const odd = fc.constantFrom(
          ...['{"__proto__":{"polluted":true}}', '"\\ud800"', '"nul \\u0000"', '[1e308,-1e-7]'].map(
            (text): JsonValue => JSON.parse(text),
          ),
        );
        await fc.assert(
          fc.asyncProperty(fc.oneof(value, odd), async (given) => {
            await put({ sessionId: 's', key: 'k', value: given, now });
            expect(JSON.stringify((await find('s', 'k'))?.value)).toBe(JSON.stringify(given));
          }),
          { numRuns: 200 },
        );
      });

      it.each(unstorableTexts)('refuses a key that no database can hold: %j', async (text) => {
        const refused = { code: 'INVALID_ARGUMENT' };
        await expect(put({ sessionId: 's', key: text, value: 1, now })).rejects.toMatchObject(refused);
        await expect(put({ sessionId: text, key: 'k', value: 1, now })).rejects.toMatchObject(refused);
        await put({ sessionId: resembling(text), key: resembling(text), value: 1, now });
        expect(await find(resembling(text), text)).toBeUndefined();
        expect(await find(text, resembling(text))).toBeUndefined();
        expect(await keysOf(text)).toEqual([]);
        expect(await store.searchKnowledge({ sessionId: text, query: '1', limit: 5 })).toEqual([]);
      });

      it('keeps one value of a key that two stores write at once', async () => {
        const other = await opened.reopen();
        const write = (each: SessionStore, value: number) => {
          const params = { sessionId: 's', key: 'k', value, now };
          return isTaskData ? each.putTaskData(params) : each.putKnowledge(params);
        };
        await Promise.all(Array.from({ length: 40 }, (_, i) => write(i % 2 === 0 ? store : other, i)));
        expect(await keysOf('s')).toEqual(['k']);
      });
    });

    it('keeps task data and knowledge apart', async () => {
      await store.putTaskData({ sessionId: 's', key: 'k', value: 'data', now });
      expect(await store.findKnowledge('s', 'k')).toBeUndefined();
      expect(await store.searchKnowledge({ sessionId: 's', query: 'data', limit: 5 })).toEqual([]);
    });

    describe('a search', () => {
      const learn = (key: string, value: JsonValue, sessionId = 's') =>
        store.putKnowledge({ sessionId, key, value, now });
      const search = (query: string, { sessionId = 's', limit = 20 } = {}) =>
        store.searchKnowledge({ sessionId, query, limit });
      const found = async (query: string) => (await search(query)).map(({ key }) => key);

      it('gives the entry and the part of it that matches', async () => {
        const value = `${'filler '.repeat(200)}the harbour is closed in winter ${'filler '.repeat(200)}`;
        await learn('shipping', value);
        const [hit, ...others] = await search('harbour');
        expect(others).toEqual([]);
        expect(hit).toStrictEqual({ key: 'shipping', value, updatedAt: now, excerpt: expect.any(String) });
        expect(hit?.excerpt).toContain('the **harbour** is closed');
        expect(hit?.excerpt.length).toBeLessThan(400);
        expect((await search('shipping'))[0]?.excerpt).toMatch(/^filler filler.*…$/);
      });

      it('looks into keys and into values of every kind', async () => {
        await learn('release-checklist', 'Tag it.');
        await learn('a', { host: 'db-7', ports: [5432], note: 'first\nsecond\tthird "quoted"' });
        await learn('b', 8080);
        await learn('c', ['nested', { deep: 'treasure' }]);
        await learn('d', true);
        await learn('e', 'nul\0cut and \ud800 half');
        expect(await found('checklist')).toEqual(['release-checklist']);
        for (const word of ['host', 'db-7', '5432', 'second', 'third', 'quoted'])
          expect([word, await found(word)]).toEqual([word, ['a']]);
        expect(await found('8080')).toEqual(['b']);
        expect(await found('treasure')).toEqual(['c']);
        expect(await found('true')).toEqual(['d']);
        for (const word of ['nul', 'cut', 'half']) expect([word, await found(word)]).toEqual([word, ['e']]);
        expect((await search('nul'))[0]?.excerpt).toContain('**nul** cut and');
      });

      it('puts the best match first', async () => {
        await learn('1', `deploy once, and then ${'something else '.repeat(40)}`);
        await learn('2', 'deploy: deploy early, deploy often');
        await learn('deploy', 'How it is done here.');
        await learn('4', 'Nothing to do with it.');
        expect(await found('deploy')).toEqual(['deploy', '2', '1']);
        expect((await search('deploy', { limit: 2 })).map(({ key }) => key)).toEqual(['deploy', '2']);
      });

      it('matches words by how they begin, whatever the letter case and accents', async () => {
        await learn('1', 'Café Ångström naïve');
        await learn('2', 'cafeteria');
        await learn('3', 'decaf');
        await learn('4', 'ПРИВЕТ');
        expect((await found('caf')).sort()).toEqual(['1', '2']);
        expect((await found('CAFÉ')).sort()).toEqual(['1', '2']);
        expect((await found('cafe\u0301')).sort()).toEqual(['1', '2']);
        expect(await found('angstrom')).toEqual(['1']);
        expect(await found('NAIVE')).toEqual(['1']);
        expect(await found('привет')).toEqual(['4']);
        expect((await search('angs'))[0]?.excerpt).toContain('**Ångström**');
      });

      it('wants every word, and only where nothing has them all any of them', async () => {
        await learn('both', 'red apples');
        await learn('red', 'red bricks');
        await learn('apples', 'green apples');
        expect(await found('apples red')).toEqual(['both']);
        expect((await found('red apples pears')).sort()).toEqual(['apples', 'both', 'red']);
        expect((await found('red apples pears'))[0]).toBe('both');
        expect(await found('pears')).toEqual([]);
      });

      it('finds the value that is there, and not the one that was', async () => {
        await learn('k', 'old words');
        await learn('k', 'new words');
        expect(await found('old')).toEqual([]);
        expect(await found('new')).toEqual(['k']);
        expect(await search('words')).toHaveLength(1);
      });

      it('is of one session', async () => {
        for (const sessionId of sessions) await learn(`of ${sessionId}`, 'secret words', sessionId);
        for (const sessionId of sessions) {
          const hits = await search('secret', { sessionId });
          expect(hits.map(({ key }) => key)).toEqual([`of ${sessionId}`]);
        }
        await learn('only here', 'apples', 't');
        await learn('mine', 'pears');
        // What another session knows does not keep this one from looking for any of the words.
        expect(await found('apples pears')).toEqual(['mine']);
        expect(await search('secret', { sessionId: 'nobody' })).toEqual([]);
      });

      it.each(['', ' ', '"', '""', '*', '!!', '🚀', '\0', '\ud800', '()', '\u0301', "';--"])(
        'without a word finds nothing: %j',
        async (query) => {
          await learn('k', '🚀 a " * ( ) \u0301 text');
          expect(await search(query)).toEqual([]);
        },
      );

      it.each([
        '"text',
        'text*',
        '*text',
        'text AND',
        'AND text',
        'NOT text',
        'text OR OR',
        'NEAR(text some)',
        'key:text',
        'text : some',
        '- text',
        '^text',
        '{key text}: some',
        '(text',
        'text" OR "some',
        "text'; DROP TABLE agent_knowledge; --",
        'text + some',
        '🚀text',
        'text\0some',
        'text\ud800',
        'text\\',
        '%text_',
      ])('takes nothing of a query for syntax: %j', async (query) => {
        await learn('k', 'some text');
        expect(await found(query)).toEqual(['k']);
      });

      it('takes any text for a query', async () => {
        await learn('k', 'words and more words');
        const queries = fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: 'grapheme' }),
          fc
            .array(fc.constantFrom('"', '*', '(', ')', ':', '^', '+', '-', 'AND', 'NOT', 'NEAR', ' ', 'wo'))
            .map((parts) => parts.join('')),
        );
        await fc.assert(
          fc.asyncProperty(queries, async (query) => {
            for (const hit of await search(query)) expect(hit.key).toBe('k');
          }),
          { numRuns: 500 },
        );
      });

      it('takes a query of any size', async () => {
        await learn('k', `start ${'x'.repeat(300)}`);
        expect(await found('x'.repeat(1_000_000))).toEqual(['k']);
        expect(await found(`start ${'a-'.repeat(500_000)}`)).toEqual(['k']);
        expect(await found('e\u0301'.repeat(300_000))).toEqual([]);
        expect(await found(`start ${Array.from({ length: 50_000 }, (_, i) => `w${i}`).join(' ')}`)).toEqual([
          'k',
        ]);
      });

      it('finds whatever word was learned', async () => {
        const word = fc.stringMatching(/^[a-zäöüéßñčłøа-яα-ω0-9]{1,20}$/u);
        await fc.assert(
          fc.asyncProperty(word, async (each) => {
            await learn(`key of ${each}`, { text: `This says ${each}.` });
            const hits = await search(each, { limit: 1_000 });
            expect(hits.map(({ key }) => key)).toContain(`key of ${each}`);
          }),
          { numRuns: 100 },
        );
      });
    });

    it('keeps everything when it is closed and opened again', async () => {
      const message = { sessionId: 's', role: 'user', content: 'Hello.', createdAt: now } as const;
      await store.addMessage({ message, requestId: 'key' });
      await store.putTaskData({ sessionId: 's', key: 'k', value: [1], now });
      await store.putKnowledge({ sessionId: 's', key: 'k', value: 'something known', now });
      await opened.closeStores();
      store = await opened.reopen();
      expect((await store.lastMessages('s', { limit: 10 })).items).toMatchObject([message]);
      expect((await store.addMessage({ message, requestId: 'key' })).replayed).toBe(true);
      expect((await store.findTaskData('s', 'k'))?.value).toEqual([1]);
      expect((await store.findKnowledge('s', 'k'))?.value).toBe('something known');
      expect(await store.searchKnowledge({ sessionId: 's', query: 'known', limit: 5 })).toHaveLength(1);
    });
  });
}

const now = '2026-01-01T00:00:00.000Z';
const later = '2026-01-01T00:00:01.000Z';

const sessions = ['s', 'S', ' s', 's ', '', '%', "s' OR '1'='1", 'é', 'e\u0301'];
const oddKeys = [
  '',
  ' ',
  'a',
  'A',
  'é',
  'e\u0301',
  '\uffff',
  '😀',
  '\u{10ffff}',
  '%',
  '_',
  "'",
  '"',
  "a'; DROP TABLE agent_task_data; --",
  '$.a',
  '__proto__',
  'constructor',
  'a\nb',
  '\u0001',
];

const unstorable = /[\0\p{Surrogate}]/u;
const unstorableTexts = ['half \ud83d', '\udc00', 'nul \0'];
const resembling = (text: string) => text.replace(unstorable, '\ufffd');

/** As PostgreSQL and SQLite compare bytes of UTF-8; JavaScript compares units of UTF-16. */
function byCodePoints(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
