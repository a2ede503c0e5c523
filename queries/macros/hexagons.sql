-- Hexagons, boxes and days, in marts and in the questions asked of them. An H3 index has its level
-- in bits 52 to 55, and 7 for each digit finer than that.

-- the hexagon that a text such as 881942c58bfffff is; NULL where it is none
create macro hex_of(hex_text) as try_cast('0x' || hex_text as ubigint);

-- the level of a hexagon given as text
create macro hex_level(hex_text) as (hex_of(hex_text) >> 52) & 15;

-- the text of a hexagon, such as 881942c58bfffff; hex_of goes back
create macro hex_text(hex_id) as lower(to_hex(hex_id::ubigint));

-- the coarser hexagon that holds one; NULL where the level is finer than its own
create macro hex_parent(hex_id, level) as
    if(
        level between 0 and (hex_id::ubigint >> 52) & 15,
        (hex_id::ubigint & 18379190079298994175) | (level::ubigint << 52)
            | ((1::ubigint << (45 - 3 * level)::ubigint) - 1),
        null
    );

-- whether a hexagon lies in another of its own or a coarser level
create macro in_hex(hex_id, hex_text) as
    (hex_id & 18379190079298994175) | (hex_level(hex_text) << 52)
        | ((1::ubigint << (45 - 3 * hex_level(hex_text))::ubigint) - 1)
    = hex_of(hex_text);

-- the polygon of a hexagon of table hex_outline as text (WKT), longitude first; NULL for another
create macro hex_wkt(hexagon) as
    (select any_value(p.outline_wkt) from hex_outline as p where p.hex_id = hexagon::ubigint);

-- the same polygon as a geometry of GeoJSON; at the date line a MultiPolygon
create macro hex_geojson(hexagon) as
    (
        select any_value(
            '{"type": "' || if(p.outline_wkt like 'MULTI%', 'MultiPolygon', 'Polygon')
            || '", "coordinates": '
            || replace(replace(replace(
                regexp_replace(
                    regexp_replace(p.outline_wkt, '^[A-Z]+ ', ''),
                    '(-?[0-9.]+) (-?[0-9.]+)', '[\1, \2]', 'g'),
                '(', '['), ')', ']'), '], [[', '], [[')
            || '}'
        )
        from hex_outline as p where p.hex_id = hexagon::ubigint
    );

-- whether a place lies in a box; west above east = the box crosses the date line. A place whose
-- position is not known lies in the whole world only.
create macro in_box(lat, lon, west, south, east, north) as
    coalesce(lat, 0) between south and north
    and case
        when east - west >= 360 then true
        when west <= east then lon between west and east
        else lon >= west or lon <= east
    end;

-- mean longitude; of places across the date line one that lies there
create macro mean_lon(lon) as
    case
        when max(lon) - min(lon) > 180 then (avg((lon + 360) % 360) + 180) % 360 - 180
        else avg(lon)
    end;

-- whether what is valid from one day to before another is so on a day; a missing end is open
create macro holds_on(valid_from, valid_to, day) as
    coalesce(valid_from <= day, true) and coalesce(valid_to > day, true);
