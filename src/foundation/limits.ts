/** Every bound on memory and size that more than one folder relies on, in bytes where bytes are what fills memory. */

/** The longest CSV row or JSON record that is read; a longer one is quarantined. */
export const recordBytesMax = 1_000_000

/** What the brokers may send a reader ahead of what it works on. */
export const fetchBytesMax = 8_388_608

/** What one produce request may carry for one partition: below the `message.max.bytes` that brokers have as they come. */
export const publishBatchBytesMax = 900_000

/** What one produce request may carry for all partitions. */
export const publishRequestBytesMax = 4_000_000

/** What one publisher, or one owner of transactions, may hold of records that are not acknowledged yet. */
export const publishPendingBytesMax = 8_000_000

/** What all publishers of one broker object may hold together; beyond it each keeps one batch at a time. */
export const publishMemoryBytesMax = 67_108_864

/** What a page that reads too slowly may leave unsent before it is given fewer pictures. */
export const pageBacklogBytesMax = 4_194_304
