import { Defect, Fault, type FaultCode } from '../../domain/errors.ts';

/** Whether another connection held a lock that we waited for in vain; nothing was written. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  // SQLITE_PROTOCOL is the same thing for the lock on the index of the write-ahead log.
  return code.startsWith('SQLITE_BUSY') || code === 'SQLITE_PROTOCOL';
}

/**
 * What an error of SQLite or of the file system means to the caller. Faults pass through; what has no
 * meaning to a caller is a defect.
 */
export function toStorageError(error: unknown): Fault | Defect {
  if (error instanceof Fault || error instanceof Defect) return error;
  const code = codeOf(error);
  const family = FAMILIES.find(({ codes }) => codes.test(code));
  if (family !== undefined) return toFault(family, error);
  if (error instanceof Error && 'syscall' in error) return toFault(FILE_SYSTEM, error);
  return new Defect('The database refused a statement.', { cause: error });
}

interface Family {
  readonly fault: FaultCode;
  readonly message: string;
  readonly hint: string;
}

const FAMILIES: readonly (Family & { readonly codes: RegExp })[] = [
  {
    codes: /^(SQLITE_FULL|ENOSPC|EDQUOT)/,
    fault: 'STORAGE_FULL',
    message: 'The disk is full',
    hint: 'Nothing was written: make room on the disk, then make the same call again.',
  },
  {
    codes: /^SQLITE_(CORRUPT|NOTADB)/,
    fault: 'STORAGE_CORRUPT',
    message: 'The database file is damaged, or not a database',
    hint: 'Restore the file from a backup; it was left as it is.',
  },
  {
    codes: /^SQLITE_(IOERR|CANTOPEN|READONLY|PERM)/,
    fault: 'STORAGE_UNAVAILABLE',
    message: 'The database file could not be opened, read or written',
    hint: 'Check the disk and the permissions of the file and its folder, then make the same call again.',
  },
];

const FILE_SYSTEM: Family = {
  fault: 'STORAGE_UNAVAILABLE',
  message: 'The database file or its folder could not be created',
  hint: 'Check the path, and the permissions of the folder.',
};

function toFault({ fault, message, hint }: Family, cause: unknown): Fault {
  return new Fault(fault, `${message} (${codeOf(cause)}).`, { hint, cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
