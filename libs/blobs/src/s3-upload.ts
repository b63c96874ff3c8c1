import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

const MIB = 2 ** 20;
const FIRST_PART_BYTES = 8 * MIB;
/** S3 takes 10,000 parts: from the thousandth on they are larger, for objects of up to 570 GiB. */
const LATER_PART_BYTES = 64 * MIB;
const SMALL_PARTS = 1_000;

export interface S3Place {
  client: S3Client;
  bucket: string;
  key: string;
}

/**
 * Stores a stream whose length nobody knows. S3 wants to know it, so the stream is cut into parts, of which one is in memory
 * at a time and is sent again when the network fails; what fits into the first is one plain request. The object appears when
 * it is complete, or never.
 */
export async function uploadStream(place: S3Place, content: AsyncIterable<Uint8Array>): Promise<void> {
  const parts = partsOf(content);
  const first = await parts.next();
  const body = first.value ?? Buffer.alloc(0);
  if (first.done || body.length < FIRST_PART_BYTES) {
    await place.client.send(new PutObjectCommand({ Bucket: place.bucket, Key: place.key, Body: body }));
    return;
  }
  await uploadParts(place, body, parts);
}

async function uploadParts(
  { client, bucket, key }: S3Place,
  first: Buffer,
  rest: AsyncIterable<Buffer>,
): Promise<void> {
  const target = { Bucket: bucket, Key: key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const upload = { ...target, UploadId };
  try {
    const sent: { PartNumber: number; ETag: string | undefined }[] = [];
    const send = async (Body: Buffer) => {
      const PartNumber = sent.length + 1;
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
      sent.push({ PartNumber, ETag });
    };
    await send(first);
    for await (const part of rest) await send(part);
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: sent } }));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

async function* partsOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined, undefined> {
  let [pieces, bytes, count] = [[] as Uint8Array[], 0, 0];
  for await (const piece of content) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes < (count < SMALL_PARTS ? FIRST_PART_BYTES : LATER_PART_BYTES)) continue;
    yield Buffer.concat(pieces);
    [pieces, bytes, count] = [[], 0, count + 1];
  }
  if (bytes > 0) yield Buffer.concat(pieces);
}
