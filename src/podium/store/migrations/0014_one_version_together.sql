-- Writers that make one version together find the same one, even those that begin at the same moment. Of versions that
-- they began twice the newest stays theirs; the others can still be committed by their own numbers.
UPDATE artifact_versions SET distributed_id = NULL WHERE state = 'PENDING' AND distributed_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM artifact_versions AS newer WHERE newer.collection_id = artifact_versions.collection_id
    AND newer.distributed_id = artifact_versions.distributed_id AND newer.state = 'PENDING'
    AND newer.id > artifact_versions.id
);
CREATE UNIQUE INDEX artifact_versions_by_distributed_id ON artifact_versions (collection_id, distributed_id)
    WHERE state = 'PENDING';
