// Where the cloth begins: below 0 a point of the skin is covered. Decimetres of the neutral body.
uniform vec2 collar;  // height, slope
float above_collar(vec3 rest) {
    return rest.y - (5.62 + collar.x + (0.55 + collar.y) * abs(rest.x)
        - 0.25 * smoothstep(0.3, -0.3, rest.z) - 0.18 * rest.z);
}
