-- Who bore a name at a time: finds the models that were ever given it.
CREATE INDEX model_names_by_event ON events (team_id, entity_name, seq)
    WHERE entity = 'registered_model' AND action IN ('create', 'rename', 'restore');
