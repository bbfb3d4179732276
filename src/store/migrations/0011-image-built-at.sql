-- When this engine built an image whose config says a time that depends on its inputs alone: lists show this one. In ms.
ALTER TABLE images ADD COLUMN built_at INTEGER;
