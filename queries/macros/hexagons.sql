-- Hexagons by their text, in marts and in the questions asked of them. An H3 index has its level
-- in bits 52 to 55, and 7 for each digit finer than that.
create macro hex_of(hex_text) as try_cast('0x' || hex_text as ubigint);

create macro hex_level(hex_text) as (hex_of(hex_text) >> 52) & 15;

-- whether a hexagon lies in another of its own or a coarser level
create macro in_hex(hex_id, hex_text) as
    (hex_id & 18379190079298994175) | (hex_level(hex_text) << 52)
        | ((1::ubigint << (45 - 3 * hex_level(hex_text))::ubigint) - 1)
    = hex_of(hex_text);
