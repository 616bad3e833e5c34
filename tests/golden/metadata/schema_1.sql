CREATE TABLE access_grants (
	id VARCHAR(36) NOT NULL,
	subject VARCHAR(36) NOT NULL,
	subject_type TEXT NOT NULL,
	access TEXT NOT NULL,
	format TEXT NOT NULL,
	expires_at TEXT NOT NULL,
	sequence_number BIGINT NOT NULL,
	footer BLOB,
	PRIMARY KEY (id),
	UNIQUE (subject)
);
CREATE TABLE activity (
	number INTEGER NOT NULL,
	id VARCHAR(36) NOT NULL,
	at TEXT NOT NULL,
	resource_key TEXT NOT NULL,
	group_key TEXT NOT NULL,
	provider_key TEXT NOT NULL,
	correlation_id TEXT NOT NULL,
	entry TEXT NOT NULL,
	PRIMARY KEY (number),
	UNIQUE (id)
);
CREATE TABLE attached_disks (
	disk VARCHAR(36) NOT NULL,
	vm VARCHAR(36) NOT NULL,
	position INTEGER NOT NULL,
	disk_id TEXT NOT NULL,
	name TEXT NOT NULL,
	lun INTEGER,
	PRIMARY KEY (disk),
	FOREIGN KEY(disk) REFERENCES disks (id),
	FOREIGN KEY(vm) REFERENCES virtual_machines (id) ON DELETE CASCADE
);
CREATE TABLE catalogue_batch (
	seq BIGINT NOT NULL,
	object BLOB NOT NULL,
	PRIMARY KEY (seq)
);
CREATE TABLE catalogue_changes (
	kind TEXT NOT NULL,
	guid VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	arm_path TEXT NOT NULL,
	deleted BOOLEAN NOT NULL,
	PRIMARY KEY (kind, guid)
);
CREATE TABLE catalogue_head (
	seq BIGINT NOT NULL,
	digest BLOB NOT NULL,
	PRIMARY KEY (seq)
);
CREATE TABLE chunks (
	scope BIGINT NOT NULL,
	id BLOB NOT NULL,
	pack BIGINT NOT NULL,
	frame INTEGER NOT NULL,
	offset_bytes BIGINT NOT NULL,
	sealed_bytes INTEGER NOT NULL,
	raw_bytes INTEGER NOT NULL,
	PRIMARY KEY (scope, id)
)
 WITHOUT ROWID;
CREATE TABLE collections (
	id VARCHAR(36) NOT NULL,
	"group" TEXT NOT NULL,
	group_key TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	location TEXT NOT NULL,
	tags TEXT NOT NULL,
	source_id TEXT NOT NULL,
	source_location TEXT NOT NULL,
	time_created TEXT NOT NULL,
	of_snapshots BOOLEAN NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (group_key, name_key)
);
CREATE TABLE copy_sources (
	operation VARCHAR(36) NOT NULL,
	token TEXT NOT NULL,
	region VARCHAR(36) NOT NULL,
	manifest VARCHAR(36) NOT NULL,
	body BLOB NOT NULL,
	signature BLOB NOT NULL,
	facts TEXT NOT NULL,
	proofs TEXT,
	PRIMARY KEY (operation)
);
CREATE TABLE counters (
	name TEXT NOT NULL,
	value BIGINT NOT NULL,
	PRIMARY KEY (name)
);
CREATE TABLE descriptions (
	id VARCHAR(36) NOT NULL,
	"group" TEXT NOT NULL,
	group_key TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	location TEXT NOT NULL,
	tags TEXT NOT NULL,
	type TEXT NOT NULL,
	type_key TEXT NOT NULL,
	properties TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (group_key, type_key, name_key)
);
CREATE TABLE directory_records (
	"key" TEXT NOT NULL,
	id VARCHAR(36) NOT NULL,
	kind TEXT NOT NULL,
	path TEXT NOT NULL,
	version BIGINT NOT NULL,
	origin VARCHAR(36) NOT NULL,
	deleted BOOLEAN NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY ("key"),
	UNIQUE (id)
);
CREATE TABLE disk_points (
	number INTEGER NOT NULL,
	id VARCHAR(36) NOT NULL,
	point VARCHAR(36) NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	disk_name TEXT NOT NULL,
	lun INTEGER,
	os_type TEXT,
	source_disk_id TEXT NOT NULL,
	source_disk_point_id TEXT,
	source_location TEXT NOT NULL,
	source_unique_id TEXT NOT NULL,
	family_id TEXT NOT NULL,
	time_created TEXT NOT NULL,
	size_bytes BIGINT NOT NULL,
	block_bytes INTEGER NOT NULL,
	state TEXT,
	scope VARCHAR(36),
	mode TEXT,
	why_full TEXT,
	change_detection TEXT,
	read_bytes BIGINT NOT NULL,
	stored_bytes BIGINT NOT NULL,
	PRIMARY KEY (number),
	UNIQUE (point, name_key),
	UNIQUE (id),
	FOREIGN KEY(point) REFERENCES points (id)
);
CREATE TABLE disks (
	id VARCHAR(36) NOT NULL,
	"group" TEXT NOT NULL,
	group_key TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	location TEXT NOT NULL,
	tags TEXT NOT NULL,
	sku TEXT NOT NULL,
	os_type TEXT,
	create_option TEXT NOT NULL,
	source_resource_id TEXT,
	path TEXT NOT NULL,
	size_bytes BIGINT NOT NULL,
	block_bytes INTEGER NOT NULL,
	provisioning_state TEXT NOT NULL,
	time_created TEXT NOT NULL,
	managed_by TEXT,
	source_unique_id TEXT,
	hyper_v_generation TEXT,
	awaits_upload BOOLEAN NOT NULL,
	state TEXT,
	operation VARCHAR(36),
	failure TEXT,
	PRIMARY KEY (id),
	UNIQUE (group_key, name_key)
);
CREATE TABLE holds (
	token TEXT NOT NULL,
	manifest VARCHAR(36) NOT NULL,
	point_id TEXT NOT NULL,
	peer VARCHAR(36) NOT NULL,
	operation VARCHAR(36) NOT NULL,
	ticks_left INTEGER NOT NULL,
	PRIMARY KEY (token),
	UNIQUE (peer, operation)
);
CREATE TABLE nodes (
	scope BIGINT NOT NULL,
	id BLOB NOT NULL,
	pack BIGINT NOT NULL,
	frame INTEGER NOT NULL,
	offset_bytes BIGINT NOT NULL,
	sealed_bytes INTEGER NOT NULL,
	raw_bytes INTEGER NOT NULL,
	closed_since TEXT,
	PRIMARY KEY (scope, id)
)
 WITHOUT ROWID;
CREATE TABLE operations (
	number INTEGER NOT NULL,
	id VARCHAR(36) NOT NULL,
	kind TEXT NOT NULL,
	resource_id TEXT NOT NULL,
	subject TEXT NOT NULL,
	state TEXT NOT NULL,
	answered BOOLEAN NOT NULL,
	incarnation INTEGER NOT NULL,
	principal TEXT NOT NULL,
	request TEXT NOT NULL,
	created_at TEXT NOT NULL,
	ended_at TEXT,
	progress TEXT NOT NULL,
	failure TEXT,
	PRIMARY KEY (number),
	UNIQUE (id)
);
CREATE TABLE packs (
	number INTEGER NOT NULL,
	id BLOB NOT NULL,
	kind TEXT NOT NULL,
	scope BIGINT NOT NULL,
	key_generation INTEGER NOT NULL,
	size_bytes BIGINT NOT NULL,
	state TEXT NOT NULL,
	operation VARCHAR(36) NOT NULL,
	incarnation INTEGER NOT NULL,
	checked_at TEXT,
	PRIMARY KEY (number),
	UNIQUE (id),
	FOREIGN KEY(scope) REFERENCES scopes (number)
);
CREATE TABLE peer_pins (
	number INTEGER NOT NULL,
	region VARCHAR(36) NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	signing_key BLOB NOT NULL,
	token_key BLOB NOT NULL,
	PRIMARY KEY (number),
	UNIQUE (region)
);
CREATE TABLE pending_changes (
	number INTEGER NOT NULL,
	kind TEXT NOT NULL,
	guid VARCHAR(36) NOT NULL,
	arm_path TEXT NOT NULL,
	batch BIGINT NOT NULL,
	deleted BOOLEAN NOT NULL,
	PRIMARY KEY (number),
	UNIQUE (kind, guid, batch)
);
CREATE TABLE planned_chunks (
	operation BIGINT NOT NULL,
	disk TEXT NOT NULL,
	block BIGINT NOT NULL,
	chunk BLOB NOT NULL,
	wire_bytes INTEGER NOT NULL,
	PRIMARY KEY (operation, disk, block)
)
 WITHOUT ROWID;
CREATE TABLE points (
	number INTEGER NOT NULL,
	id VARCHAR(36) NOT NULL,
	collection VARCHAR(36) NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	provisioning_state TEXT NOT NULL,
	consistency TEXT,
	source_point_id TEXT,
	source_point_key TEXT,
	copy_state TEXT,
	time_created TEXT NOT NULL,
	source_time_created TEXT,
	exclude_disks TEXT NOT NULL,
	source_metadata TEXT NOT NULL,
	manifest VARCHAR(36),
	operation VARCHAR(36) NOT NULL,
	failure TEXT,
	PRIMARY KEY (number),
	UNIQUE (collection, name_key),
	UNIQUE (id),
	FOREIGN KEY(collection) REFERENCES collections (id)
);
CREATE TABLE receipts (
	token TEXT NOT NULL,
	manifest VARCHAR(36) NOT NULL,
	peer VARCHAR(36) NOT NULL,
	operation VARCHAR(36) NOT NULL,
	receipt BLOB NOT NULL,
	PRIMARY KEY (token)
);
CREATE TABLE replica_feeds (
	region VARCHAR(36) NOT NULL,
	epoch BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	as_of TEXT NOT NULL,
	PRIMARY KEY (region)
);
CREATE TABLE replicas (
	region VARCHAR(36) NOT NULL,
	path_key TEXT NOT NULL,
	path TEXT NOT NULL,
	type TEXT NOT NULL,
	group_key TEXT NOT NULL,
	name_key TEXT NOT NULL,
	parent_key TEXT NOT NULL,
	document TEXT NOT NULL,
	PRIMARY KEY (region, path_key)
);
CREATE TABLE restore_checkpoints (
	disk VARCHAR(36) NOT NULL,
	identity TEXT NOT NULL,
	synced_bytes BIGINT NOT NULL,
	operation VARCHAR(36) NOT NULL,
	PRIMARY KEY (disk)
);
CREATE TABLE schema_version (
	version INTEGER NOT NULL,
	PRIMARY KEY (version)
);
CREATE TABLE scopes (
	number INTEGER NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (number),
	UNIQUE (id)
);
CREATE TABLE settings (
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY ("key")
);
CREATE TABLE snapshots (
	id VARCHAR(36) NOT NULL,
	"group" TEXT NOT NULL,
	group_key TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	location TEXT NOT NULL,
	tags TEXT NOT NULL,
	sku TEXT NOT NULL,
	create_option TEXT NOT NULL,
	source_resource_id TEXT NOT NULL,
	source_unique_id TEXT NOT NULL,
	incremental BOOLEAN NOT NULL,
	os_type TEXT,
	hyper_v_generation TEXT,
	size_bytes BIGINT NOT NULL,
	point VARCHAR(36) NOT NULL,
	time_created TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (group_key, name_key),
	UNIQUE (point),
	FOREIGN KEY(point) REFERENCES points (id)
);
CREATE TABLE virtual_machines (
	id VARCHAR(36) NOT NULL,
	"group" TEXT NOT NULL,
	group_key TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	location TEXT NOT NULL,
	tags TEXT NOT NULL,
	properties TEXT NOT NULL,
	time_created TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (group_key, name_key)
);
CREATE INDEX ix_activity_at ON activity (at);
CREATE INDEX ix_attached_disks_vm ON attached_disks (vm);
CREATE INDEX ix_catalogue_changes_seq ON catalogue_changes (seq);
CREATE INDEX ix_directory_records_kind ON directory_records (kind);
CREATE INDEX ix_disk_points_source_unique_id ON disk_points (source_unique_id);
CREATE INDEX ix_disks_path ON disks (path);
CREATE INDEX ix_holds_manifest ON holds (manifest);
CREATE INDEX ix_operations_state ON operations (state);
CREATE INDEX ix_operations_subject ON operations (subject);
CREATE INDEX ix_packs_operation ON packs (operation);
CREATE INDEX ix_peer_pins_name_key ON peer_pins (name_key);
CREATE INDEX ix_points_source_point_key ON points (source_point_key);
CREATE INDEX ix_receipts_manifest ON receipts (manifest);
CREATE INDEX ix_replicas_parent_key ON replicas (parent_key);
CREATE UNIQUE INDEX planned_chunks_once ON planned_chunks (operation, chunk);
CREATE INDEX replicas_by_group ON replicas (group_key);
CREATE INDEX replicas_by_path ON replicas (path_key);
CREATE INDEX replicas_by_place ON replicas (type, group_key, name_key, region);
