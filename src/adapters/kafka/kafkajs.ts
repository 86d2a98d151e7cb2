import { createRequire } from 'node:module';
import type * as KafkaJs from 'kafkajs';
import { encodeRecord, type RecordToEncode } from './record-encoding.ts';

const require = createRequire(import.meta.url);
const RECORD = 'kafkajs/src/protocol/recordBatch/record/v0/index.js';

/** The library's own encoding of a record. */
export const encodeAsLibrary = require(RECORD) as (record: RecordToEncode) => { readonly buffer: Buffer };

// Whoever puts a batch together takes this from the cache of modules, so it has to be there before the rest is loaded.
require.cache[require.resolve(RECORD)]!.exports = (record: RecordToEncode) =>
  encodeRecord(record) ?? encodeAsLibrary(record);

/** The library, with our encoding of records in place of its own. Everybody imports it from here. */
export const kafkajs = require('kafkajs') as typeof KafkaJs;
