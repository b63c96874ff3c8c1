import { IsString, IsUUID, Length } from 'class-validator';
import { defineCommand } from '../message-definition.js';

/** Everything else about the job is read from Postgres when it is claimed. */
export class IngestDocumentPayload {
  @IsUUID()
  jobId!: string;

  @IsUUID()
  documentId!: string;
}

export class DeleteBlobPayload {
  @IsString()
  @Length(1, 512)
  blobKey!: string;
}

export const IngestDocument = defineCommand({
  name: 'ingestion-worker.ingest-document.v1',
  payload: IngestDocumentPayload,
});
export const DeleteBlob = defineCommand({ name: 'memory.delete-blob.v1', payload: DeleteBlobPayload });
