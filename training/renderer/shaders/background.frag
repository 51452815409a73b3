#version 330
// Two colours, one fading into the other, and two soft lights out of focus.
in vec2 place;
uniform vec3 from, to;
uniform vec2 gradient;
uniform float blobs[6];  // x, y, brightness of each
out vec4 colour;
void main() {
    vec3 result = mix(from, to, smoothstep(-1.2, 1.2, dot(place, gradient) * 1.5));
    for (int k = 0; k < 2; k++) {
        vec2 away = place - vec2(blobs[3 * k], 0.2 + 0.7 * blobs[3 * k + 1]);
        result += 0.35 * blobs[3 * k + 2] * exp(-3.0 * dot(away, away)) * mix(from, to, 0.5);
    }
    colour = vec4(pow(clamp(result, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}
